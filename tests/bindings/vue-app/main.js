/** Shows what the test asks for by `window.show`: the example of the README, or lists over a client. */
import { createApp, shallowRef } from 'vue';
import App from './App.vue';
import Root from './Root.vue';

const shown = shallowRef();
window.errors = [];
window.show = (what) => {
  shown.value = what;
};
createApp(Root, { shown, example: App }).mount('#app');
